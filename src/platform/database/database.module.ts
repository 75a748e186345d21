import { Module } from '@nestjs/common';
import type { PoolConfig } from 'pg';
export const DATABASE = Symbol('DatabaseConnection');
/** How to connect as the database's owner. */
export type DatabaseConnection = PoolConfig & { database: string };
@Module({})
export class DatabaseModule {}
