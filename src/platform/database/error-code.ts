/** The code of a system error, as `ENOENT`; undefined for any other error. */
export const errorCode = (error: unknown): string | undefined =>
  (error as NodeJS.ErrnoException | null)?.code;
