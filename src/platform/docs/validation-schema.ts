import 'reflect-metadata';
import { ApiProperty } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import type { Constructor } from './route-catalogue.js';

type Constraints = readonly unknown[];
type Keywords = Record<string, unknown>;

/** What each validator promises, in JSON Schema's words. Validators that are not here promise nothing it can say. */
const KEYWORDS: Readonly<Record<string, (constraints: Constraints) => Keywords>> = {
  isInt: () => ({ type: 'integer' }),
  isUuid: () => ({ format: 'uuid' }),
  isEmail: () => ({ format: 'email', maxLength: 254 }), // RFC 5321 allows no longer address
  isUrl: () => ({ format: 'uri' }),
  isRfc3339: () => ({ format: 'date-time' }),
  isIso8601: () => ({ format: 'date-time' }),
  isDateString: () => ({ format: 'date-time' }),
  isIn: ([values]) => ({ enum: values }),
  min: ([minimum]) => ({ minimum }),
  max: ([maximum]) => ({ maximum }),
  minLength: ([minLength]) => ({ minLength }),
  maxLength: ([maxLength]) => ({ maxLength }),
  isLength: ([minLength, maxLength]) => ({ minLength, maxLength }),
  isNotEmpty: () => ({ minLength: 1 }),
  matches: ([pattern]) => (pattern instanceof RegExp && !pattern.flags ? { pattern: pattern.source } : {}),
};

const ARRAY_KEYWORDS: Readonly<Record<string, (constraints: Constraints) => Keywords>> = {
  arrayMaxSize: ([maxItems]) => ({ maxItems }),
  arrayMinSize: ([minItems]) => ({ minItems }),
  arrayUnique: () => ({ uniqueItems: true }),
};

/**
 * Tells the OpenAPI reader what class-validator knows of a DTO. Nest's compiler plugin reads only decorators
 * that it sees in the source text, and only some; this reads the ones in force, also behind composed decorators.
 */
export function documentValidation(dto: Constructor, seen = new Set<Constructor>()): void {
  if (seen.has(dto)) return;
  seen.add(dto);
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  for (const property of new Set(rules.map(({ propertyName }) => propertyName))) {
    const ofProperty = rules.filter(({ propertyName }) => propertyName === property);
    const designed: unknown = Reflect.getMetadata('design:type', dto.prototype as object, property);
    if (ofProperty.some(({ type }) => type === 'nestedValidation') && typeof designed === 'function') {
      documentValidation(designed as Constructor, seen);
    }
    const keywords = keywordsOf(ofProperty, designed === Array);
    if (Object.keys(keywords).length === 0) continue;
    ApiProperty(keywords)(dto.prototype as object, property);
  }
}

function keywordsOf(rules: readonly ValidationMetadata[], isArray: boolean): Keywords {
  const keywords: Keywords = {};
  const ofItems: Keywords = {};
  for (const { type, name = '', constraints, each } of rules) {
    if (type === 'conditionalValidation') keywords['required'] = false;
    Object.assign(keywords, ARRAY_KEYWORDS[name]?.(constraints));
    Object.assign(isArray && each ? ofItems : keywords, KEYWORDS[name]?.(constraints));
  }
  if (Object.keys(ofItems).length === 0) return keywords;
  const itemType = 'minimum' in ofItems || 'maximum' in ofItems ? 'number' : 'string';
  return { ...keywords, type: 'array', items: { type: itemType, ...ofItems } };
}
