import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { DataKeys } from './data-keys.js';
import { FieldSealer } from './field-sealer.js';

/** Keys of data, and what is encrypted with them. */
@Module({ imports: [ConfigModule], providers: [FieldSealer, DataKeys], exports: [FieldSealer, DataKeys] })
export class ProtectionModule {}
