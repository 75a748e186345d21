/** What can happen that matters to security, in the words of OWASP's Logging Vocabulary where it has one. */
export const SECURITY_ACTIONS = [
  'authn_login_success',
  'authn_login_fail',
  'authn_login_lock',
  'authn_login_unlock',
  'authn_password_change',
  'authn_password_reset_request',
  'authn_password_reset',
  'authn_factor_enrol',
  'authn_factor_remove',
  'authn_factor_fail',
  'authn_step_up',
  'authn_token_reuse',
  'authn_email_change',
  'authn_impersonation_start',
  'authn_impersonation_end',
  'session_created',
  'session_ended',
  'authz_fail',
  'authz_policy_change',
  'excess_rate_limit_exceeded',
  'sensitive_create',
  'sensitive_read',
  'sensitive_update',
  'sensitive_delete',
  'user_created',
  'user_updated',
  'user_deleted',
  'user_invited',
  'key_rotated',
  'authn_token_created',
  'authn_token_revoked',
  'authn_token_expiring',
  'tenant_created',
  'tenant_updated',
  'tenant_suspended',
  'tenant_resumed',
  'tenant_deleted',
  'malicious_file_found',
  'audit_log_pruned',
  'audit_log_break_accepted',
] as const;
export type SecurityAction = (typeof SECURITY_ACTIONS)[number];

/** Values of a row before and after a change; null where there was, or is, none. */
export interface RecordedChanges {
  before: Readonly<Record<string, unknown>> | null;
  after: Readonly<Record<string, unknown>> | null;
}

/** One thing that happened. Holds no secret and no token; personal values are in `changes` alone, which is encrypted. */
export interface SecurityEvent {
  action: SecurityAction;
  outcome: 'success' | 'failure' | 'denied';
  /** The account that acts or that is acted for; left out where the caller of the request is meant, or nobody is known. */
  accountId?: string;
  /** What it was done to. */
  target?: { type: string; id: string };
  detail?: Readonly<Record<string, string | number | boolean | null>>;
  /** Old and new values. */
  changes?: RecordedChanges;
}
