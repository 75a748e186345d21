import { getMetadataArgsStorage } from 'typeorm';
import { AppModule } from '../../src/app.module.js';
import { loadedEntities } from '../../src/platform/tenancy/registry/registry.js';

describe('entities', () => {
  it('name the schema `platform`, or none at all', () => {
    expect(AppModule).toBeDefined();
    const { tables } = getMetadataArgsStorage();
    expect(tables.length).toBe(loadedEntities('registry').length + loadedEntities('tenants').length);
    expect(new Set(tables.map(({ schema }) => schema))).toEqual(new Set(['platform', undefined]));
  });

  it('have no relation back from parent to child, and no lazy one', () => {
    const { relations } = getMetadataArgsStorage();
    expect(relations.filter(({ relationType }) => relationType === 'one-to-many')).toEqual([]);
    expect(relations.filter(({ isLazy }) => isLazy)).toEqual([]);
  });
});
