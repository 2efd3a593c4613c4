/** Messages filled in with what they tell. */

/**
 * @param message  {0}, {1}, … stand for values; {0:face|faces} for the first word where the value is 1, else for the second.
 */
export const filledIn = (message: string, values: readonly (string | number)[]): string =>
  message.replace(/\{(\d)(?::([^|}]*)\|([^}]*))?\}/g, (_, i: string, one?: string, many?: string) => {
    const value = String(values[Number(i)] ?? '');
    return (value === '1' ? one : many) ?? value;
  });
