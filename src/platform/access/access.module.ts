import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { RouteTable } from './route-table.js';

/** May you: the table of all routes; the guards stand in the pipeline of the application's module. */
@Module({ imports: [DiscoveryModule], providers: [RouteTable], exports: [RouteTable] })
export class AccessModule {}
