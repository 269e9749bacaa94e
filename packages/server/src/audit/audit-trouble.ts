import type { Logger } from '@postern/program'
import type { Health } from '../telemetry/health.ts'

/**
 * What becomes of an audit store's troubles. A log that cannot be written stops nobody's work: it shows in `/readyz` and
 * wants a person, and the records wait as long as there is room.
 */
export function tellAuditTrouble(health: Health, log: Logger): (problem: string | undefined) => void {
  return (problem) => {
    if (problem === undefined) {
      health.clear('audit')
      log.info('audit.recovered')
    } else {
      health.report('audit', problem)
      log.error('audit.write-failed', { problem })
    }
  }
}
