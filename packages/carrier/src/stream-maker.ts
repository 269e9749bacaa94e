import type { CarrierLimits } from './carrier-limits.ts'
import { CarrierStream, type CarrierStreamOptions } from './streams/carrier-stream.ts'
import type { CreditBudget } from './streams/credit-budget.ts'
import { ReceiveSide } from './streams/receive-side.ts'
import { SendSide } from './streams/send-side.ts'

/** Makes a stream with windows and buffers of this end's limits. */
export function makeStream(
  options: Omit<CarrierStreamOptions, 'send' | 'receive'>,
  { limits, budget }: { readonly limits: CarrierLimits; readonly budget: CreditBudget },
): CarrierStream {
  const { firstWindowBytes, maxReplayBytes, maxWindowBytes } = limits
  return new CarrierStream({
    ...options,
    send: new SendSide({ firstBytes: firstWindowBytes, maxBytes: maxReplayBytes, budget }),
    receive: new ReceiveSide({ firstBytes: firstWindowBytes, maxBytes: maxWindowBytes, budget }),
  })
}
