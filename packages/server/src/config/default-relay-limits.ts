import { defaultOptions } from '@postern/program'
import type { RelayLimits } from '../domain/relay-limits.ts'
import { optionTable } from './option-table.ts'
import { relayLimits } from './relay-config.ts'

/** The limits of a relay that nobody configured: for the library form and for tests. */
export const defaultRelayLimits: RelayLimits = relayLimits(defaultOptions(optionTable))
