import type { OptionTable } from '@postern/program'

/** The part of the option table about messages: docs/protocol/messages.md, "Limits". */
export const messageOptions = {
  maxMessageBytes: {
    group: 'Limits',
    flag: 'max-message-bytes',
    env: 'POSTERN_MAX_MESSAGE_BYTES',
    type: 'bytes',
    default: '64KiB',
    min: 1,
    max: 65_536,
    help: 'Body of one message that is sent or published; a larger one is refused with 413. Listeners take 64 KiB at most.',
  },
  messageQueueBytes: {
    group: 'Limits',
    flag: 'message-queue-bytes',
    env: 'POSTERN_MESSAGE_QUEUE_BYTES',
    type: 'bytes',
    default: '256KiB',
    min: 1024,
    help: 'Messages that may wait for one receiver; the next one is not written to it, so that nobody waits for a slow one.',
  },
  maxMessagesPerSecond: {
    group: 'Limits',
    flag: 'max-messages-per-second',
    env: 'POSTERN_MAX_MESSAGES_PER_SECOND',
    type: 'integer',
    unit: 'messages',
    default: 2000,
    min: 1,
    help: 'Messages a second that are sent or published to one hybrid connection; one more is refused with 429.',
  },
} as const satisfies OptionTable
