import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsUUID, Matches } from 'class-validator';
import { Optional } from '../http/fields.js';
import { RULE_FACTS, RULES, type Explanation, type Rule } from './explanation.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export class ExplainDto {
  /** The user who would call; a user, an API key or a credential of an agent is named, and one alone */
  @Optional()
  @IsUUID()
  userId?: string;

  /** The API key by which a program would call */
  @Optional()
  @IsUUID()
  apiKeyId?: string;

  /** The credential by which a software agent would get its token */
  @Optional()
  @IsUUID()
  agentCredentialId?: string;

  @IsIn(METHODS)
  method: (typeof METHODS)[number];

  /** What would be called, without a query: `/v1/agents/0198c5f0-…` */
  @Matches(/^\/[\w./~-]{0,500}$/)
  path: string;

  /** The fields of the body that would be sent */
  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[A-Za-z]{1,40}$/, { each: true })
  fields?: string[];
}

export class CountingGrantDto {
  /** The role that it comes from; null: it is written for the key or the credential itself */
  @ApiProperty({ type: String, nullable: true })
  role: string | null;

  /** As `agents:read:own` */
  grant: string;

  /** Fields that it leaves out */
  withoutFields: string[];
}

export class ExplanationDto {
  /** Whether the guards would let the request through; the rules of what it does come after that */
  isAllowed: boolean;

  /** The rule that decides */
  @ApiProperty({ enum: RULES, enumName: 'AccessRule' })
  rule: Rule;

  /** The rule in words */
  detail: string;

  /** The status of the refusal; null when there is none */
  @ApiProperty({ type: 'integer', nullable: true })
  status: number | null;

  /** The route that is meant, as `GET /v1/agents/:id` */
  route: string;

  /** What the route asks for; null when nothing but to be signed in, or not even that */
  permission: string | null;

  /** What the caller holds of that permission, and from where; it counts for the thing in the path alone, where there is one */
  grants: CountingGrantDto[];

  /** UUID of the vendor whose things alone the caller reaches; null when of all, or of none */
  confinedTo: string | null;

  /** Those of the fields that may not be sent */
  refusedFields: string[];

  static from(explanation: Explanation): ExplanationDto {
    const { grants, rule, ...rest } = explanation;
    const { detail, status } = RULE_FACTS[rule];
    return {
      isAllowed: status === null,
      rule,
      detail,
      status,
      ...rest,
      grants: grants.map(({ role, entry }) => ({
        role,
        grant: `${entry.permission}:${entry.scope}`,
        withoutFields: [...entry.without].sort(),
      })),
    };
  }
}
