import { describe, expect, it } from 'vitest'
import { answerOrder, defaultAnswer, liftBar, takeOrder } from '../../../src/custody/orders/order.ts'
import { transparencyReport } from '../../../src/custody/orders/transparency.ts'

const order = {
  authority: 'Amtsgericht',
  legalBase: 'section 94 StPO',
  reach: 'all objects of acme',
  document: 'd'.repeat(64),
  tenant: 'acme',
  legalBar: '',
}
const holding = {
  ciphertext: false,
  seal: 'quorum',
  sealed: true,
  unattended: false,
  split: false,
  checkpoint: '7 root',
}

describe('an order', () => {
  it('is told to the customer at once, unless a law that is named forbids it', () => {
    expect(takeOrder(order, 5)).toMatchObject({ customerTold: 5, state: 'received' })
    const barred = takeOrder({ ...order, legalBar: 'section 95a StPO' }, 5)
    expect(barred.customerTold).toBe(0)
    expect(liftBar(barred, 9)).toMatchObject({ customerTold: 9, legalBar: '' })
    expect(() => liftBar(takeOrder(order, 5), 9)).toThrow(/told already/)
    expect(() => takeOrder({ ...order, document: 'scan.pdf' }, 5)).toThrow(/SHA-256/)
  })

  it('is answered with what is held and what is not, and no more than the construction gives', () => {
    const taken = takeOrder(order, 5)
    const sealed = defaultAnswer(taken, holding)
    expect(sealed['notHeld']).toContain('plaintext')
    expect(JSON.stringify(sealed['notHeld'])).toMatch(/root key/)
    const open = defaultAnswer(taken, { ...holding, sealed: false })
    expect(JSON.stringify(open['notHeld'])).not.toMatch(/root key/)
    expect(open).toMatchObject({ sealed: false, checkpoint: '7 root', customerTold: true })
    const split = defaultAnswer(taken, { ...holding, split: true })
    expect(JSON.stringify(split['notHeld'])).toMatch(/half/)
    expect(() => answerOrder(answerOrder(taken, 'a'), 'b')).toThrow(/answered already/)
  })

  it('is counted in the transparency report, and named nowhere in it', () => {
    const orders = [
      takeOrder(order, 5),
      answerOrder(takeOrder(order, 6), 'a'),
      takeOrder({ ...order, legalBar: 'law' }, 7),
      takeOrder(order, 20),
    ]
    const report = transparencyReport(orders, 5, 20)
    expect(report).toMatchObject({ received: 3, answered: 1, open: 2, underLegalBar: 1 })
    expect(JSON.stringify(report)).not.toMatch(/acme|Amtsgericht/)
  })
})
