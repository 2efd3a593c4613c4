/** Texts of export, marking and verification, in English. */
export const exportEn = {
  job_export: 'Export {0} as {1}',
  job_import: 'Import {0}',
} as const;
