// The shapes of what the node answers, as far as the pages use them. `../../../mastodon/entities.rs` makes them.

/**
 * @typedef {object} Account
 * @property {string} id
 * @property {string} acct `z6Mk…`
 * @property {string} display_name Empty where there is none.
 * @property {string} url
 * @property {string} avatar
 * @property {string} header
 * @property {string} avatar_description
 * @property {string} header_description
 * @property {boolean} bot
 * @property {string} created_at
 * @property {string | null} last_status_at
 * @property {number} statuses_count
 * @property {number} followers_count
 * @property {number} following_count
 * @property {AccountExtra} majlis
 */

/**
 * @typedef {object} AccountExtra
 * @property {string} account `did:key:…`
 * @property {string | null} petname The owner's own name for them.
 * @property {Usage} usage
 * @property {string} bio
 * @property {Part[]} bio_parts
 * @property {{name: string, value: string, parts: Part[]}[]} fields
 * @property {boolean} own
 */

/**
 * What an author asks for; what is null was not said.
 * @typedef {object} Usage
 * @property {string | null} aipref
 * @property {boolean | null} syntheticContentGeneration
 * @property {boolean | null} publicAccessArchive
 * @property {boolean | null} bulkDataset
 * @property {boolean | null} protocolBridging
 */

/**
 * A piece of a text: words as they are, or something that leads somewhere.
 * @typedef {string | {link: string} | {tag: string, text: string} | {mention: string, id: string | null, name: string, text: string}} Part
 */

/**
 * @typedef {object} Media
 * @property {string} id
 * @property {"image" | "gifv" | "video" | "audio" | "unknown"} type
 * @property {string} url
 * @property {string} preview_url
 * @property {string | null} description
 * @property {string | null} blurhash
 * @property {{original: Size, small: Size, focus: {x: number, y: number} | null}} meta
 * @property {{cid: string, media_type: string, size: number, held: boolean, name: string | null, source_type: string | null}} majlis
 */

/** @typedef {{width?: number, height?: number, aspect?: number, duration?: number}} Size */

/**
 * @typedef {object} Poll
 * @property {string} id
 * @property {string | null} expires_at
 * @property {boolean} expired
 * @property {boolean} multiple
 * @property {number} votes_count
 * @property {number} voters_count
 * @property {{title: string, votes_count: number}[]} options
 * @property {boolean} voted
 * @property {number[]} own_votes Counted from 0.
 */

/**
 * @typedef {object} Status
 * @property {string} id
 * @property {string} created_at
 * @property {string | null} edited_at
 * @property {string | null} in_reply_to_id
 * @property {string | null} in_reply_to_account_id
 * @property {boolean} sensitive
 * @property {string} spoiler_text
 * @property {"public" | "unlisted"} visibility
 * @property {string | null} language
 * @property {string} url
 * @property {number} replies_count
 * @property {number} reblogs_count
 * @property {number} favourites_count
 * @property {boolean} favourited
 * @property {boolean} reblogged
 * @property {boolean} bookmarked
 * @property {boolean} pinned
 * @property {Status | null} reblog
 * @property {Account} account
 * @property {Media[]} media_attachments
 * @property {{id: string, acct: string}[]} mentions
 * @property {{name: string}[]} tags
 * @property {Poll | null} poll
 * @property {{filter: {title: string, filter_action: string}}[]} filtered
 * @property {{state: string, quoted_status?: Status | null} | null} quote
 * @property {StatusExtra} majlis
 */

/**
 * @typedef {object} StatusExtra
 * @property {string} id The entry id.
 * @property {string} account
 * @property {string} text
 * @property {Part[]} parts
 * @property {Record<string, number>} reactions
 * @property {string[]} my_reactions
 * @property {Usage} usage
 * @property {string | null} source_type
 * @property {number | null} held_by How many other nodes hold it, of an own post.
 * @property {number | null} missing_replies
 * @property {{id: string, account: string, name?: string} | null} reply_to
 */

/**
 * @typedef {object} Notification
 * @property {string} id
 * @property {string} type
 * @property {string} created_at
 * @property {Account} account
 * @property {Status | null} status
 * @property {{id: string, kind: "mention" | "reply" | "reaction" | "repost" | "quote" | "follow" | "poll" | "request", emoji: string | null, unread: boolean}} majlis
 */

/**
 * How the owner stands to an account.
 * @typedef {object} Relationship
 * @property {string} id
 * @property {boolean} following
 * @property {boolean} followed_by
 * @property {boolean} blocking
 * @property {boolean} muting
 * @property {boolean} endorsed
 * @property {string} note
 * @property {{account: string, private: boolean}} majlis
 */

/**
 * Who the node is.
 * @typedef {object} NodeId
 * @property {string} account `did:key:…`
 * @property {string} device `did:key:…`
 * @property {string} peer_id
 * @property {string[]} addresses
 * @property {string} invite
 * @property {string[]} devices All of the account's that are known.
 * @property {string} home The directory.
 * @property {boolean} phrase_unconfirmed Whether the recovery phrase is still to be written down.
 */

/**
 * How it is.
 * @typedef {object} NodeStatus
 * @property {string[]} addresses
 * @property {"directly" | "carried" | "nearby" | "nowhere" | null} reached
 * @property {number} clock_ahead_days Of connected nodes' clocks; negative where it is behind.
 * @property {number} peers
 * @property {number} following
 * @property {number} accounts
 * @property {number} entries
 * @property {number} disk_bytes
 * @property {number} free_bytes
 * @property {boolean} synced
 * @property {number} uptime Seconds.
 * @property {string | null} http
 * @property {string | null} https
 * @property {string | null} fingerprint
 * @property {Bucket | null} bucket
 */

/**
 * Where files lie, if not on the disk.
 * @typedef {object} Bucket
 * @property {string} place
 * @property {string | null} trouble Why it could not be had when it was last asked, and what to do.
 * @property {number} files
 * @property {number} bytes
 * @property {number} local_bytes Of these on the disk as well.
 * @property {number} waiting_files On the disk alone.
 * @property {number} waiting_bytes
 */

/**
 * Another node that this one is connected with.
 * @typedef {object} Peer
 * @property {string} peer_id
 * @property {string} address
 * @property {Reach} reach
 * @property {"in" | "out"} direction
 * @property {number} accounts_shared
 * @property {string | null} account `did:key:…`, once proved.
 * @property {boolean} synced
 * @property {string} name
 * @property {string | null} account_number
 */

/** @typedef {"world" | "name" | "household" | "machine" | null} Reach Who can dial an address. Null: nobody else. */

/** @typedef {{id: NodeId, status: NodeStatus, peers: Peer[], reach: Reach}} NodeView With the farthest reach of its addresses. */

/** @typedef {{size: number, rows: string[]}} QrRows Rows of `0` and `1`. */

/** @typedef {{account: string | null, name: string, account_number: string | null, peer_id: string, connected: boolean, posts: number, of: number, up_to: string | null, up_to_at: string | null, host: "asked" | "held" | "full" | "refused" | "ended" | "withdrawing" | null}} Holder */

/** @typedef {{entries: number, bytes: number}} Pruned */

/**
 * What an account takes.
 * @typedef {object} StorageOf
 * @property {string | null} id
 * @property {string} account
 * @property {string} name
 * @property {boolean} own
 * @property {number} posts
 * @property {number} post_bytes
 * @property {number} files
 * @property {number} file_bytes
 * @property {Pruned} would_free
 */

/**
 * What takes the room.
 * @typedef {object} StorageTotal
 * @property {number} database_bytes
 * @property {number} journal_bytes
 * @property {number} search_bytes
 * @property {number} own_files
 * @property {number} own_file_bytes
 * @property {number} others_files
 * @property {number} others_file_bytes
 * @property {number} free_bytes
 * @property {{days: number | null, posts: number | null, bytes: number | null, bytes_of_all: number | null, media: number | null}} keep
 * @property {Pruned} would_free
 * @property {number} would_free_file_bytes
 */

/** @typedef {{accounts: StorageOf[], total: StorageTotal}} Storage */

/** @typedef {{id: string, name: string, website: string | null, scopes: string, created_at: string, tokens: number, current: boolean}} App */

/**
 * @typedef {object} Filter
 * @property {string} id
 * @property {string} title
 * @property {string[]} context
 * @property {string | null} expires_at
 * @property {"warn" | "hide"} filter_action
 * @property {{id: string, keyword: string, whole_word: boolean}[]} keywords
 * @property {{id: string, status_id: string | null}[]} statuses
 */

/** @typedef {{id: string, title: string}} NamedList A list of people. */

/**
 * @typedef {object} Tag
 * @property {string} id
 * @property {string} name
 * @property {boolean} [following]
 * @property {boolean} [featuring]
 * @property {string} [statuses_count] Of a tag on the owner's page.
 */

/**
 * A stranger whose words wait for a decision.
 * @typedef {object} Stranger
 * @property {string} id That of the account.
 * @property {Account} account
 * @property {string} notifications_count
 * @property {string} updated_at
 * @property {Status | null} last_status
 */

/**
 * A post that is kept to be written on, or that waits for its time. References are entry ids or links.
 * @typedef {object} Draft
 * @property {string} draft Its id.
 * @property {string} saved_at
 * @property {string | null} post_at
 * @property {unknown[]} files
 * @property {string} text
 * @property {string | null} [lang]
 * @property {string | null} [reply_to]
 * @property {string | null} [quote]
 * @property {string | null} [content_warning]
 * @property {{options: string[], multiple: boolean, closes_at: string | null} | null} [poll]
 * @property {"public" | "unlisted"} visibility
 * @property {string | null} [usage]
 * @property {string | null} [source_type]
 */

/**
 * A post that waits for its time.
 * @typedef {object} Scheduled
 * @property {string} id
 * @property {string} scheduled_at
 * @property {{text: string, spoiler_text: string | null, poll: {options: string[]} | null}} params
 * @property {Media[]} media_attachments
 */

/**
 * What a page gives to be shown: its element and its title.
 * @typedef {object} Page
 * @property {HTMLElement} element
 * @property {string} title
 * @property {(() => void)} [shown] Called each time it comes into view, when it is in the document.
 * @property {(() => void)} [hidden] Called each time it goes out of view.
 */

/**
 * What a page is made from.
 * @typedef {object} Place
 * @property {string} path
 * @property {Record<string, string>} parts The parts of the path in braces.
 * @property {URLSearchParams} query
 */

export {};
