import type {
  DeepPartial,
  FindOptionsWhere,
  QueryDeepPartialEntity,
  Repository,
  SelectQueryBuilder,
} from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ForbiddenInputError, NotFoundError } from '../../kernel/errors.js';
import type { Page, PageRequest } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';
import { assertVersion, type ExpectedVersions } from '../../kernel/version.js';
import { findPage, ITEM, matchesText } from './page-query.js';
import type { TenantContext } from './tenant-context.js';
import { isMaskedFor } from './table-marks.js';
import { withinQuota, type QuotaKind } from './shares/tenant-quota.js';
import type { TenantResource } from './tenant-resource.js';

/** What narrows a list; each names the column, and is left out when undefined. */
export interface ListFilters<T> {
  /** The column has this value. The query's field has the column's name. */
  equals?: Partial<Record<keyof T & string, unknown>>;
  /** `?q=`: the column contains this text. */
  search?: [column: keyof T & string, text: string | undefined];
}

/**
 * The base of every repository of tenant data. Each query runs for the caller bound to the request, in its schema, and
 * is narrowed to what the caller's permission covers: the same predicate for one row, a list, a change and a removal.
 */
export abstract class TenantRepository<T extends TenantResource> {
  constructor(
    protected readonly context: TenantContext,
    private readonly entity: new () => T,
  ) {}

  /** Adds "belongs to this vendor" to the query. */
  protected abstract ownedBy(query: SelectQueryBuilder<T>, vendorId: string): void;

  /** Runs work in one transaction. */
  together<R>(work: () => Promise<R>): Promise<R> {
    return this.context.transaction(work);
  }

  /** The vendor to which the caller's use of the permission is confined; null for none. Throws ForbiddenError. */
  confinedTo(permission: Permission): string | null {
    return this.context.confinementOf(permission);
  }

  /** The one visible row. Throws NotFoundError for what does not exist or may not be seen. */
  async getVisible(id: string, permission: Permission): Promise<T> {
    const found = await this.visible(permission).andWhere(`${ITEM}.id = :id`, { id }).getOne();
    if (!found) throw new NotFoundError();
    return found;
  }

  /**
   * One page of what the caller may see. Throws ForbiddenInputError for a filter, search or order by a field that the
   * caller may not read, or sees masked: it would tell the field's values one by one.
   */
  protected findPage(request: PageRequest, filters: ListFilters<T>): Promise<Page<T>> {
    const query = this.visible(this.readPermission);
    const { equals = {}, search: [searched, text] = [] } = filters;
    const values = Object.entries(equals).filter(([, value]) => value !== undefined);
    this.assertReadable([
      ...values.map(([column]): [string, string] => [column, column]),
      ...(searched !== undefined && text !== undefined ? [['q', searched] as [string, string]] : []),
      ['sort', request.sort.replace('-', '')],
    ]);
    for (const [column, value] of values) {
      if (value === null) query.andWhere(`${ITEM}.${column} IS NULL`);
      else query.andWhere(`${ITEM}.${column} = :is_${column}`, { [`is_${column}`]: value });
    }
    if (searched !== undefined && text !== undefined) matchesText(query, `${ITEM}.${searched}`, text);
    return findPage(query, request);
  }

  /** Each is a field of the query and the column that it tells of. */
  private assertReadable(uses: readonly [queried: string, column: string][]): void {
    const { actor } = this.context;
    const refused = uses.filter(
      ([, column]) =>
        !actor.mayUseEverywhere(this.readPermission, column) || isMaskedFor(actor, this.table, column),
    );
    if (refused.length > 0) throw ForbiddenInputError.fields(refused.map(([queried]) => `/query/${queried}`));
  }

  /**
   * Adds a row under a new id; what the database fills in is in the row that is returned. Throws ForbiddenError when
   * the tenant may not have another.
   */
  async insert(values: DeepPartial<T>): Promise<T> {
    return this.insertAs(uuidv7(), values);
  }

  /** As `insert`, under an id that is known already, and counting as that much where rows are not what is counted. */
  protected async insertAs(id: string, values: DeepPartial<T>, amount = 1): Promise<T> {
    const row = this.repository.create({ ...this.absent(), ...values, id });
    const add = async (): Promise<void> => {
      await this.repository.insert(row as QueryDeepPartialEntity<T>);
      await this.context.changes.tell({ kind: 'created', table: this.table, id, after: { ...row } });
    };
    await (this.quota === undefined
      ? this.context.transaction(add)
      : this.withinQuota(this.quota, amount, add));
    return row;
  }

  /** The limit that counts these rows, if one does. */
  protected readonly quota: QuotaKind | undefined = undefined;

  /** For what is not counted by rows: adds that much of the kind, as `insert` adds one. */
  protected withinQuota<R>(kind: QuotaKind, amount: number, add: () => Promise<R>): Promise<R> {
    return withinQuota(this.context, kind, amount, add);
  }

  /**
   * Applies the changes to the visible row while it is locked. Throws NotFoundError, or PreconditionFailedError when
   * the caller's expected version is not the row's.
   */
  async change(
    id: string,
    permission: Permission,
    expected: ExpectedVersions,
    apply: (row: T) => void | Promise<void>,
  ): Promise<T> {
    return this.context.transaction(async () => {
      const row = await this.lock(id, permission, expected);
      const before = structuredClone({ ...row });
      await apply(row);
      const saved = await this.repository.save(row);
      await this.context.changes.tell({
        kind: 'updated',
        table: this.table,
        id,
        before,
        after: { ...saved },
      });
      return saved;
    });
  }

  /** Removes the visible row; throws as `change` does. */
  async remove(id: string, permission: Permission, expected: ExpectedVersions): Promise<T> {
    return this.context.transaction(async () => {
      const row = await this.lock(id, permission, expected);
      await this.repository.delete({ id } as FindOptionsWhere<T>);
      await this.context.changes.tell({ kind: 'removed', table: this.table, id, before: { ...row } });
      return row;
    });
  }

  /** The permission that listing needs. */
  protected abstract readonly readPermission: Permission;

  /** Rows the caller may touch by this permission. */
  protected visible(permission: Permission): SelectQueryBuilder<T> {
    const query = this.repository.createQueryBuilder(ITEM).where('true');
    const vendorId = this.confinedTo(permission);
    if (vendorId !== null) this.ownedBy(query, vendorId);
    return query;
  }

  /** Without narrowing: for rules that must see all rows of the tenant, and for jobs. */
  protected get repository(): Repository<T> {
    return this.context.manager.getRepository(this.entity);
  }

  private get table(): string {
    return this.repository.metadata.tableName;
  }

  /** Null for every column that may be: a row just made answers like one that was read. */
  private absent(): DeepPartial<T> {
    const nullable = this.repository.metadata.columns.filter(
      (column) => column.isNullable && !column.relationMetadata,
    );
    return Object.fromEntries(nullable.map((column) => [column.propertyName, null])) as DeepPartial<T>;
  }

  private async lock(id: string, permission: Permission, expected: ExpectedVersions): Promise<T> {
    const row = await this.visible(permission)
      .andWhere(`${ITEM}.id = :id`, { id })
      .setLock('pessimistic_write')
      .getOne();
    if (!row) throw new NotFoundError();
    assertVersion(expected, row.version);
    return row;
  }
}
