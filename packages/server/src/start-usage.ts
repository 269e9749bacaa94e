import { entityKey } from './domain/hybrid-connection.ts'
import type { RelayParts } from './gateway/relay-parts.ts'
import { UsageMeter, type UsageSample } from './management/usage/usage-meter.ts'
import type { ResourceStore } from './storage/resource-store.ts'

/** Starts to count what hybrid connections use. Whoever starts it closes it before the store. */
export function startUsage(
  parts: Pick<RelayParts, 'catalog' | 'counters' | 'listeners' | 'log'>,
  store: ResourceStore,
): UsageMeter {
  const { catalog, counters, listeners, log } = parts
  return new UsageMeter({
    store,
    documents: catalog.documents,
    sample: () =>
      Array.from(
        counters.entities(),
        (entity): UsageSample => ({
          counters: entity,
          listeners: listeners.countBilled(entityKey(entity.namespace, entity.name)),
        }),
      ),
    now: () => new Date(),
    onError: (error) => log.warn('usage.failed', { error }),
  })
}
