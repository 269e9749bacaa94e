import { type ErrorCode, type ErrorEntry, errorTable } from '@postern/protocol'

/** `InvalidSignature: The token ...`: some texts begin with a word that other relays leave out. */
const leadingWord = /^[A-Za-z]+:\s+/

/** A text of the relay, understood. */
export interface KnownText {
  readonly code: ErrorCode
  /** The text without its leading word. */
  readonly text: string
}

/**
 * Finds the error whose text of the error table the relay's text begins with. Status and text are all that goes over
 * the wire (observed; Azure and official clients have nothing else to go by).
 *
 * @param matches narrows the table to entries with the right status or close code.
 */
export function codeOfText(text: string, matches: (entry: ErrorEntry) => boolean): KnownText | undefined {
  const said = text.replace(leadingWord, '')
  const code = (Object.keys(errorTable) as ErrorCode[]).find((candidate) => {
    const entry = errorTable[candidate]
    return matches(entry) && said.toLowerCase().startsWith(entry.message.replace(leadingWord, '').toLowerCase())
  })
  return code && { code, text: said }
}
