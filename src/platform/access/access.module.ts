import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Ownership } from './ownership.js';
import { RouteTable } from './route-table.js';

/** May you: the table of all routes, and who owns what; the guards stand in the pipeline of the application's module. */
@Module({ imports: [DiscoveryModule], providers: [Ownership, RouteTable], exports: [Ownership, RouteTable] })
export class AccessModule {}
