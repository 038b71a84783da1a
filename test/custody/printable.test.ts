import fc from 'fast-check'
import { expect, it } from 'vitest'
import { describe as described } from '../../src/cli/custody/decisions.ts'
import { newNonce, writeProposal } from '../../src/custody/approvals/document.ts'
import { printable } from '../../src/custody/printable.ts'

it('shows as numbers what steers a terminal, turns the writing or cannot be seen, and nothing else', () => {
  expect(printable('Zürich 🔑 日本')).toBe('Zürich 🔑 日本')
  expect(printable('a\u001b[2Jb\n\u202ec\u200b\u2028')).toBe('a\\u{1b}[2Jb\\u{a}\\u{202e}c\\u{200b}\\u{2028}')
})

it('leaves a line of its own to nothing that somebody wrote into a proposal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), text => {
      const document = writeProposal({
        ...{
          origin: 'o',
          act: 'grant',
          tenant: text,
          params: { text },
          target: 0,
          policy: 'a'.repeat(64),
          reason: text,
        },
        ...{
          needed: { officers: 2, delegates: 1, wait: 0, alone: false },
          proposer: `SHA256:${'A'.repeat(43)}`,
        },
        ...{ created: 0, expires: 1, notBefore: 0, nonce: newNonce(), checkpoint: `1 ${'A'.repeat(43)}=` },
      })
      expect(described(document).split(/[\n\r\u2028\u2029\u0085]/)).toHaveLength(7)
    }),
  )
})
