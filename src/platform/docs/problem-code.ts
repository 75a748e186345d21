/** A stable problem code: what it means and what the caller can do about it. */
export interface ProblemCode {
  code: string;
  status: number;
  title: string;
  meaning: string;
  remedy: string;
}
