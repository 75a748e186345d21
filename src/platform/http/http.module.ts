import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { CONFIG, ConfigModule } from '../config/config.module.js';
import { AddressThrottlerGuard, throttlerOptions } from './throttler.guard.js';

/** The part of the edge that is injected; `configureHttp` applies the rest. */
@Module({
  imports: [
    ConfigModule,
    ThrottlerModule.forRootAsync({ imports: [ConfigModule], inject: [CONFIG], useFactory: throttlerOptions }),
  ],
  providers: [AddressThrottlerGuard],
  exports: [AddressThrottlerGuard],
})
export class HttpModule {}
