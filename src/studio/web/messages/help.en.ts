/** Texts of the help and the first tour, in English. */
export const helpEn = {} as const;
