import { SharedReadBuffer, WriteRegions } from '@postern/websocket'

/** Memory that the relayed connections of a node share. */
export interface RelayBuffers {
  readonly reading: SharedReadBuffer
  readonly regions: WriteRegions
}

export function createRelayBuffers(): RelayBuffers {
  return { reading: new SharedReadBuffer(), regions: new WriteRegions() }
}
