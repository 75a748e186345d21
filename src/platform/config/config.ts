export interface Config {
  dbPoolSize: number;
  dbConnectTimeoutMs: number;
  dbQueryTimeoutMs: number;
  dbLockTimeoutMs: number;
  masterKey: Buffer;
  dataDir: string;
  uploadMaxBytes: number;
  uploadTypes: string[];
}
