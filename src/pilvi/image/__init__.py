"""Bootable data: images and their bytes (Glance v2).

An image is a record; its bytes come once, by upload, by staging and import, or from a host that
captured a disk, and never change afterwards. Every byte passes one gate while it streams in: the
content must be what `disk_format` says and must name no other file. Bytes are stored once by
content: two images with the same sha512 share one file.

The states, from the table in `model/image.py`; deleting is possible in each:

    queued                     --upload--> saving
    queued                     --stage--> uploading
    saving                     --store--> active
    uploading                  --import--> active
    queued                     --fetch--> importing
    importing                  --keep--> active
    queued                     --copy--> active
    saving | uploading         --give up--> queued
    importing                  --give up fetch--> queued
    active                     --deactivate--> deactivated
    deactivated                --reactivate--> active
    queued | saving | uploading --fail--> killed

Invariants: an image is `saving` only while a row of its upload exists; a file of the store is
named by an image or an upload, or a reconciler removes it; the id of a deleted image is never
given out again, because hosts keep bases by image id.
"""
