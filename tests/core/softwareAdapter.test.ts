import { describe, expect, test } from 'vitest'
import { namesSoftwareAdapter } from '../../src/core/softwareAdapter.ts'

describe('namesSoftwareAdapter', () => {
  test.each([
    'SwiftShader',
    'google swiftshader SwiftShader Device (LLVM 16.0.0)',
    'llvmpipe (LLVM 15.0.7, 256 bits)',
    'lavapipe',
    'Microsoft Basic Render Driver',
    'Apple Software Renderer',
  ])('knows %s', (name) => {
    expect(namesSoftwareAdapter(name)).toBe(true)
  })
  test.each(['', 'unnamed adapter', 'nvidia ampere', 'NVIDIA H100', 'Apple M2', 'Intel(R) UHD Graphics 620'])(
    'takes "%s" for a graphics card',
    (name) => {
      expect(namesSoftwareAdapter(name)).toBe(false)
    },
  )
})
