import { tenantTable } from '../../tenancy/tenant-schema.js';

/** A credential whose end is near, and of which that is to be told. */
export interface EndingKey {
  id: string;
  vendorId: string | null;
  name: string;
  expiresAt: Date;
  /** 14, 7 or 1: it ends within so many days. */
  days: number;
}

/** Marks the rows of the table whose end is to be told now. What another node announces at the same time is left to it. */
export const announceEndingIn = (table: string): string => `
  UPDATE ${tenantTable(table)} AS key SET told_days = ending.days
    FROM (SELECT id, CASE WHEN expires_at <= now() + interval '1 day' THEN 1
                          WHEN expires_at <= now() + interval '7 days' THEN 7 ELSE 14 END AS days
            FROM ${tenantTable(table)}
           WHERE expires_at > now() AND expires_at <= now() + interval '14 days'
             FOR UPDATE SKIP LOCKED) AS ending
   WHERE key.id = ending.id AND (key.told_days IS NULL OR key.told_days > ending.days)
  RETURNING key.id, key.vendor_id AS "vendorId", key.name, key.expires_at AS "expiresAt", ending.days`;
