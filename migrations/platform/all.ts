import { CreateRegistry1790000000000 } from './1790000000000-create-registry.js';

/** The registry's migrations, oldest first. */
export const registryMigrations = [CreateRegistry1790000000000];
