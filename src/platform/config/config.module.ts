import { Module } from '@nestjs/common';
export const CONFIG = Symbol('Config');
@Module({})
export class ConfigModule {}
