/** Texts of export, marking and verification, in Chinese. */
import type { exportEn } from './export.en.ts';

export const exportZh: Readonly<Record<keyof typeof exportEn, string>> = {
  job_export: '导出 {0} 为 {1}',
  job_import: '导入 {0}',
};
