/** The fewest characters of new passwords, in a realm. Asked in the context of that realm; the security policy says it. */
export abstract class PasswordMinimum {
  /**
   * Of the tenant with this id, of the operators for null, of a tenant that is being made for undefined. What stands alone
   * needs 15 (NIST SP 800-63B-4, 3.1.1.2); a tenant that always wants a second factor may do with 8.
   */
  abstract of(tenantId: string | null | undefined): Promise<number>;
}
