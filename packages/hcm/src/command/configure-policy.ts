import type { Command } from 'commander'
import { type AskFlags, addAskOptions, addExamples, clientOf, print } from './ask-service.ts'

/** Adds `hcm policy`. */
export function configurePolicy(policy: Command): void {
  const rule = [
    '<rule>',
    'host:port, CIDR[:ports] or *.suffix[:ports]; ports: 5432, 8000-8100, or several with commas',
  ] as const
  const show = (flags: AskFlags, rules: readonly string[]): void => {
    const empty = 'No rules: only the endpoints that hybrid connections had when they were added.\n'
    print(flags, rules, rules.length === 0 ? empty : `${rules.join('\n')}\n`)
  }
  addExamples(
    policy,
    'hcm policy allow db.corp:5432',
    "hcm policy allow '*.corp:443,8000-8100'    every host below corp, on these ports",
    'hcm policy allow 10.20.0.0/16              whatever has an address in this network',
    'hcm policy remove db.corp:5432',
  )
  addAskOptions(policy.command('list').description('Lists the rules.')).action(async (flags: AskFlags) =>
    show(flags, await clientOf(flags).call('policyList', {})),
  )
  addAskOptions(policy.command('allow').description('Adds a rule; it counts for the next stream.'))
    .argument(...rule)
    .action(async (text: string, flags: AskFlags) =>
      show(flags, await clientOf(flags).call('policyAllow', { rule: text })),
    )
  addAskOptions(policy.command('remove').description('Takes a rule away; streams that are open go on.'))
    .argument(...rule)
    .action(async (text: string, flags: AskFlags) =>
      show(flags, await clientOf(flags).call('policyRemove', { rule: text })),
    )
}
