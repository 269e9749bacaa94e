import { readFileSync } from 'node:fs'
import { Secret } from '../secret.ts'
import type { NumberOption, OptionEntry } from './option-entry.ts'
import { formatBytes, formatDuration, parseBytes, parseDuration } from './parse-quantity.ts'

/** A value in its inside form, or the reason why there is none; a reason never holds the text of a secret. */
export type ParsedOption = { readonly value: unknown } | { readonly problem: string }

/**
 * Reads one raw value as its row asks.
 * @param raw text from a flag or the environment, or any YAML value from a file
 */
export function parseOption(entry: OptionEntry, raw: unknown): ParsedOption {
  if (raw === null) return { problem: 'has no value' }
  switch (entry.type) {
    case 'string':
      return parseText(raw)
    case 'enum':
      return parseWord(entry.values, raw)
    case 'boolean':
      return parseBoolean(raw)
    case 'list':
      return parseList(entry.separator ?? ',', raw)
    case 'secret':
      return parseSecret(raw)
    default:
      return parseNumber(entry, raw)
  }
}

function parseText(raw: unknown): ParsedOption {
  if (typeof raw !== 'string') return { problem: `must be a text, not ${quote(raw)}` }
  return raw === '' ? { problem: 'must not be empty' } : { value: raw }
}

function parseWord(words: readonly string[], raw: unknown): ParsedOption {
  // YAML 1.1 habits: `tls: off` must not turn into a boolean's complaint.
  const text = typeof raw === 'boolean' && words.includes('on') ? (raw ? 'on' : 'off') : raw
  if (typeof text === 'string' && words.includes(text)) return { value: text }
  return { problem: `must be ${words.map((word) => `"${word}"`).join(' or ')}, not ${quote(raw)}` }
}

function parseBoolean(raw: unknown): ParsedOption {
  if (raw === true || raw === 'true') return { value: true }
  if (raw === false || raw === 'false') return { value: false }
  return { problem: `must be true or false, not ${quote(raw)}` }
}

function parseList(separator: string, raw: unknown): ParsedOption {
  const given = Array.isArray(raw) ? raw : [raw]
  const items: string[] = []
  for (const item of given) {
    if (typeof item !== 'string') return { problem: `must be a list of texts; ${quote(item)} is none` }
    items.push(...item.split(separator).map((part) => part.trim()))
  }
  return { value: items.filter((item) => item !== '') }
}

function parseSecret(raw: unknown): ParsedOption {
  if (typeof raw !== 'string') return { problem: 'must be a text or @ and the path of a file' }
  if (!raw.startsWith('@')) return raw === '' ? { problem: 'must not be empty' } : { value: new Secret(raw) }
  try {
    // Editors and `echo` end a file with a line feed that is no part of the secret.
    const text = readFileSync(raw.slice(1), 'utf8').replace(/\r?\n$/, '')
    return text === '' ? { problem: `names an empty file: ${raw.slice(1)}` } : { value: new Secret(text) }
  } catch (error) {
    return { problem: `names a file that cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function parseNumber(entry: NumberOption, raw: unknown): ParsedOption {
  const amount = readAmount(entry.type, raw)
  if (amount === undefined) return { problem: `must be ${amountForms[entry.type]}, not ${quote(raw)}` }
  const min = entry.min ?? 0
  if (amount < min) return { problem: `must be at least ${formatAmount(entry.type, min)}, not ${quote(raw)}` }
  if (entry.max !== undefined && amount > entry.max) {
    return { problem: `must be at most ${formatAmount(entry.type, entry.max)}, not ${quote(raw)}` }
  }
  return { value: amount }
}

const amountForms = {
  integer: 'a whole number',
  duration: 'a duration with its unit such as 250ms, 30s, 5m or 1h',
  bytes: 'a size such as 65536, 64KiB or 1MiB',
} as const

function readAmount(type: NumberOption['type'], raw: unknown): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string') return undefined
  if (type === 'duration') return parseDuration(text)
  if (type === 'bytes') return parseBytes(text)
  return /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
}

/** Writes an inside number as a person would: 300000 of a duration is `5m`. */
export function formatAmount(type: NumberOption['type'], amount: number): string {
  if (type === 'duration') return formatDuration(amount)
  return type === 'bytes' ? formatBytes(amount) : String(amount)
}

/** Bounded, so that a wrong file given as a value does not flood the terminal. */
function quote(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw)
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}
