import { Global, Module } from '@nestjs/common';
import { Degradation } from './degradation.js';
import { DatabaseMetrics } from './database-metrics.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics.controller.js';
import { Metrics } from './metrics.js';

@Global()
@Module({
  controllers: [HealthController, MetricsController],
  providers: [Degradation, Metrics, DatabaseMetrics],
  exports: [Degradation, Metrics],
})
export class ObservabilityModule {}
