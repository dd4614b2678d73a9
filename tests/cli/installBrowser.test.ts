import { describe, expect, test } from 'vitest'
import { browserPlan, distributionOf, vulkanPlan } from '../../src/cli/installBrowser.ts'

const lines = (plan: ReturnType<typeof browserPlan>) => plan.map(({ args }) => args.join(' ')).join('\n')

describe('browserPlan', () => {
  test('takes the package of Debian when it may', () => {
    const plan = browserPlan({ platform: 'linux', distribution: 'debian', isRoot: true })
    expect(plan.map(({ program }) => program)).toEqual(['apt-get', 'apt-get'])
    expect(lines(plan)).toMatch(/update.*\n.*install -y .*chromium libvulkan1/)
  })
  test("takes Playwright's own build on Ubuntu, whose package is a snap, with its libraries as root", () => {
    expect(lines(browserPlan({ platform: 'linux', distribution: 'ubuntu', isRoot: true }))).toContain('install --with-deps chromium')
  })
  test.each([
    { platform: 'linux', distribution: 'debian', isRoot: false },
    { platform: 'darwin', distribution: '', isRoot: false },
    { platform: 'win32', distribution: '', isRoot: false },
  ])('asks for no rights it lacks: $platform $distribution', (host) => {
    expect(lines(browserPlan(host))).toMatch(/playwright\/cli\.js install chromium$/)
  })
  test('gives each command one sentence for the case that it fails', () => {
    for (const { advice } of browserPlan({ platform: 'linux', distribution: 'debian', isRoot: true }))
      expect(advice).toMatch(/^Install .*\.$/)
  })
})

describe('vulkanPlan', () => {
  test('brings the loader as root on Debian and Ubuntu, and nothing elsewhere', () => {
    expect(lines(vulkanPlan({ platform: 'linux', distribution: 'ubuntu', isRoot: true }))).toContain('libvulkan1')
    expect(vulkanPlan({ platform: 'linux', distribution: 'debian', isRoot: false })).toEqual([])
    expect(vulkanPlan({ platform: 'linux', distribution: 'fedora', isRoot: true })).toEqual([])
  })
})

describe('distributionOf', () => {
  test('reads the ID, quoted or not, and no other field', () => {
    expect(distributionOf('PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_ID="12"\nID=debian\n')).toBe('debian')
    expect(distributionOf('ID="rhel"\nID_LIKE=fedora')).toBe('rhel')
    expect(distributionOf('')).toBe('')
  })
})
