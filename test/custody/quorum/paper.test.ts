import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { deal } from '../../../src/custody/quorum/deal.ts'
import { shareSheet } from '../../../src/custody/quorum/paper.ts'
import { checkWords, shareText } from '../../../src/custody/quorum/share-text.ts'
import { ROOT } from './dealing.ts'

/** The text that a PDF of pdfkit shows: strings in hex inside of deflated streams. */
function textOf(pdf: Buffer): string {
  const streams = [...pdf.toString('latin1').matchAll(/stream\n([\s\S]*?)\nendstream/g)]
  const pages = streams.map(([, body]) => {
    try {
      return inflateSync(Buffer.from(body!, 'latin1')).toString('latin1')
    } catch {
      return ''
    }
  })
  return [...pages.join('').matchAll(/<([0-9a-f]+)>|T[Jd]/g)]
    .map(([, hex]) => (hex ? Buffer.from(hex, 'hex').toString('latin1') : ' '))
    .join('')
}

describe('a sheet', () => {
  it('shows the share as text, its check words, and whose it is', async () => {
    const plan = {
      origin: 'trustee.example',
      needed: 1,
      parties: [{ name: 'trustee', needed: 2, holders: [{ name: 'anna' }, { name: 'ben' }] }],
    }
    const { dealt } = await deal(ROOT, plan)
    for (const share of dealt) {
      if (share.by !== 'paper') throw new Error('no key was given')
      const pdf = await shareSheet(share.envelope, 1_700_000_000_000)
      const text = textOf(pdf).replaceAll(/\s+/g, '')
      expect(text).toContain(shareText(share.envelope))
      for (const word of checkWords(share.envelope)) expect(text).toContain(word)
      expect(text).toContain(`Holder:${share.holder}`)
      expect(pdf.toString('latin1').match(/\/Type \/Page\n/g)).toHaveLength(1)
    }
  })
})
