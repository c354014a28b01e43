/** The keys below `config:` of a stack file. Which of the first four is there says what kind of stack it is. */
export const PLATFORM = "dynoform:platform";
export const APP = "dynoform:app";
export const GITHUB = "dynoform:github";
export const PIPELINE = "dynoform:pipeline";

/** An app's config vars. */
export const CONFIG = "dynoform:config";
/** The keys of an app's certificates, apart: one secure value makes Pulumi take all of its setting for a secret. */
export const CERTIFICATES = "dynoform:certificates";
/** What the DNS provider is told that proves names for certificates, apart for the same reason. */
export const DNS = "dynoform:dns";
/** By what GitHub lets the platform in, a secure value. */
export const GITHUB_AUTH = "dynoform:github-auth";
/** Config vars of what a pipeline makes: its review apps, and its test runs. */
export const REVIEW_CONFIG = "dynoform:review-config";
export const TEST_CONFIG = "dynoform:test-config";
/** Things that may go though a rule denies it, by name; read by whoever brings the stack up. */
export const ALLOW_DATA_LOSS = "dynoform:allowDataLoss";
/** A secure value that keys the names of dynos. */
export const KEY = "dynoform:key";

/** The stack of the platform that serves an app or a link, unless its file says otherwise. */
export const DEFAULT_PLATFORM_STACK = "platform";
