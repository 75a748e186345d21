import { decodeUuid, encodeUuid, UUID_LENGTH } from '../uuid-text.js';

const PARTS = new RegExp(`^agent_([0-9A-Za-z]{${UUID_LENGTH}})([0-9A-Za-z]{${UUID_LENGTH}})$`);

/** The name by which an agent signs in. It is no secret. */
export interface ClientId {
  tenantId: string;
  agentId: string;
}

/** `agent_` and the ids of tenant and agent in base 62, so that no tenant has to be searched for. */
export const formatClientId = ({ tenantId, agentId }: ClientId): string =>
  `agent_${encodeUuid(tenantId)}${encodeUuid(agentId)}`;

/** Undefined for what is none. */
export function parseClientId(text: string): ClientId | undefined {
  const [, tenant, agent] = PARTS.exec(text) ?? [];
  if (tenant === undefined || agent === undefined) return undefined;
  const [tenantId, agentId] = [decodeUuid(tenant), decodeUuid(agent)];
  return tenantId === undefined || agentId === undefined ? undefined : { tenantId, agentId };
}
