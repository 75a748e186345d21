/** Told how much of the work, in bytes, is there and how much was just done. */
export interface Progress {
  total(bytes: number): void;
  advance: Advance;
}
export type Advance = (bytes: number) => void;

export const UNSEEN: Progress = { total: () => undefined, advance: () => undefined };
