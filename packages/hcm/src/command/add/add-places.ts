import type { ManagementClient } from '@postern/management'
import type { ControlClient } from '../../control/control-client.ts'
import type { HybridConnectionStatus } from '../../service/status.ts'
import { findListenKey } from './find-listen-key.ts'
import type { RelayPlace } from './relay-place.ts'

/** What became of one hybrid connection. */
export type AddResult =
  | { readonly place: RelayPlace; readonly status: HybridConnectionStatus }
  | { readonly place: RelayPlace; readonly error: unknown }

/** Gets the key of each and adds it; one that fails keeps no other from being added. */
export async function addPlaces(
  places: readonly RelayPlace[],
  options: { readonly client: ManagementClient; readonly control: ControlClient; readonly follow: boolean },
): Promise<readonly AddResult[]> {
  const { client, control, follow } = options
  const results: AddResult[] = []
  for (const place of places) {
    try {
      const connectionString = (await findListenKey(client, place)).reveal()
      results.push({ place, status: await control.call('add', { connectionString, follow }) })
    } catch (error) {
      results.push({ place, error })
    }
  }
  return results
}
