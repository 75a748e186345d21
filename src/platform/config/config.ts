export interface Config {
  dbPoolSize: number;
  dbConnectTimeoutMs: number;
  dbQueryTimeoutMs: number;
  dbLockTimeoutMs: number;
  masterKey: Buffer;
  /** Where callers reach the server; the issuer of its tokens. */
  publicUrl?: string;
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
  sessionIdleSeconds: number;
  bcryptCost: number;
  passwordMinLength: number;
  bootstrapOperator?: { email: string; password: string };
}
