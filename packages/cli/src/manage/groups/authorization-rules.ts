import { nameOf } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'

/** Where rules are: at a namespace or at a hybrid connection. */
interface RuleScope {
  /** `relay namespace` */
  readonly words: string
  readonly what: string
  readonly operations: 'Namespaces' | 'HybridConnections'
  /** The flags that say which. */
  readonly flags: readonly ManagedFlag[]
  /** The same in examples. */
  readonly example: string
}

const name = nameOf('rule', 'path.authorizationRuleName')

const rights: ManagedFlag = {
  long: 'rights',
  value: 'RIGHT',
  help: 'what the rule allows; Manage needs the other two beside it',
  kind: 'list',
  choices: ['Listen', 'Send', 'Manage'],
  isRequired: true,
  to: 'body.properties.rights',
}

const key: ManagedFlag = {
  long: 'key',
  value: 'KEY',
  help: 'which key',
  choices: ['PrimaryKey', 'SecondaryKey'],
  isRequired: true,
  to: 'body.keyType',
}

const keyValue: ManagedFlag = {
  long: 'key-value',
  value: 'TEXT',
  help: 'the new key: 44 characters of base64; default: a random one. Other users see what stands on a command line',
  to: 'body.key',
}

const columns = { Name: 'name', Rights: "join(', ', properties.rights)" }
const keyColumns = {
  Rule: 'keyName',
  PrimaryConnectionString: 'primaryConnectionString',
  SecondaryConnectionString: 'secondaryConnectionString',
}

export function authorizationRuleGroups({ words, what }: Pick<RuleScope, 'words' | 'what'>): readonly ManagedGroup[] {
  return [
    { words: `${words} authorization-rule`, summary: `Rules of a ${what}: named rights with two keys.` },
    { words: `${words} authorization-rule keys`, summary: 'Keys and connection strings of a rule.' },
  ]
}

/** `postern relay namespace|hyco authorization-rule ...` */
export function authorizationRuleCommands(scope: RuleScope): readonly ManagedCommand[] {
  return [...ruleCommands(scope), ...keyCommands(scope)]
}

function ruleCommands(scope: RuleScope): readonly ManagedCommand[] {
  const { what, flags, operations, example } = scope
  const words = `${scope.words} authorization-rule`
  return [
    {
      words: `${words} create`,
      summary: `Creates a rule of a ${what} with new keys.`,
      flags: [name, ...flags, rights],
      does: `${operations}_CreateOrUpdateAuthorizationRule`,
      columns,
      examples: [`-n listener ${example} --rights Listen`],
    },
    {
      words: `${words} list`,
      summary: `Lists the rules of a ${what}.`,
      flags,
      does: `${operations}_ListAuthorizationRules`,
      columns,
      examples: [example],
    },
    {
      words: `${words} show`,
      summary: 'Shows a rule.',
      flags: [name, ...flags],
      does: `${operations}_GetAuthorizationRule`,
      columns,
      examples: [`-n listener ${example}`],
    },
    {
      words: `${words} update`,
      summary: 'Replaces the rights of a rule; its keys stay.',
      flags: [name, ...flags, rights],
      does: `${operations}_CreateOrUpdateAuthorizationRule`,
      columns,
      examples: [`-n listener ${example} --rights Listen Send`],
    },
    {
      words: `${words} delete`,
      summary: 'Deletes a rule; listeners that came in by it are closed.',
      flags: [name, ...flags],
      does: `${operations}_DeleteAuthorizationRule`,
      confirmation: 'Listeners that came in by the rule are closed.',
      examples: [`-n listener ${example}`],
    },
  ]
}

function keyCommands({ words: above, flags, operations, example }: RuleScope): readonly ManagedCommand[] {
  const words = `${above} authorization-rule keys`
  return [
    {
      words: `${words} list`,
      summary: 'Shows keys and connection strings of a rule.',
      flags: [name, ...flags],
      does: `${operations}_ListKeys`,
      columns: keyColumns,
      examples: [`-n listener ${example}`, `-n listener ${example} --query primaryConnectionString -o tsv`],
    },
    {
      words: `${words} renew`,
      summary: 'Replaces a key of a rule; listeners that came in by it are closed.',
      flags: [name, ...flags, key, keyValue],
      does: `${operations}_RegenerateKeys`,
      columns: keyColumns,
      examples: [`-n listener ${example} --key PrimaryKey`],
    },
  ]
}
