//go:build tools

// Package real pins the Pulumi CLI that `npm run test:real` checks the embedded engine against.
package real

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
