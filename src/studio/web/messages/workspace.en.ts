/** Texts of workspaces: the choice of one, what arrives, how much room it takes, in English. */
export const workspaceEn = {} as const;
