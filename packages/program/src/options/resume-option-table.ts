import type { NumberOption } from './option-entry.ts'

/** How connections in carriers outlive a relayed connection: the same in every program that is an end of a tunnel. */
export const resumeOptionTable = {
  timeout: {
    type: 'duration',
    default: '60s',
    min: 1_000,
    max: 3_600_000,
    help: 'How long a connection in a carrier waits for a relay that has gone before it is cut. The shorter one of both ends counts.',
  },
  buffer: {
    type: 'bytes',
    default: '16MiB',
    min: 65_536,
    max: 67_108_864,
    help: 'What each direction of a connection in a carrier may keep until the other end has confirmed it. Less makes a single one slower on long paths; all of a process share 64 MiB.',
  },
} as const satisfies Record<string, Omit<NumberOption, 'flag' | 'env'>>
