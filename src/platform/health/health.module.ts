import { Module, type DynamicModule, type InjectionToken, type ModuleMetadata } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { READINESS_CHECKS, type ReadinessCheck } from './readiness.js';

@Module({})
export class HealthModule {
  /** `checks` are tokens of ReadinessCheck providers, which the imported modules export. */
  static asking(checks: readonly InjectionToken[], imports: ModuleMetadata['imports'] = []): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), ...imports],
      controllers: [HealthController],
      providers: [
        { provide: READINESS_CHECKS, inject: [...checks], useFactory: (...given: ReadinessCheck[]) => given },
      ],
    };
  }
}
