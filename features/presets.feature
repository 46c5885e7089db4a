Feature: Presets
  A pipeline that is asked for again and again gets a name. Whoever uses the name gets its newest
  version; no version ever changes, so what has been asked for stays what it was.

  Background:
    Given Ada is signed in

  Rule: A name stands for a pipeline

    Background:
      Given she has made the preset "card" of {"resize": "300x200#", "format": "webp"}

    Scenario: A preset is used
      When she uploads a 1600x1000 photo with the processing options {"preset": "card"}
      Then the result is 300x200
      And the result is a webp
      And the task was asked for by "card@1"

    Scenario: What a request says besides is added
      When she uploads a 1600x1000 photo with the processing options {"preset": "card", "grayscale": true, "format": "png"}
      Then the result is 300x200
      And the result is a png
      And the result has no colour

    Scenario: Variants of both
      Given she has made the preset "page" of {"variants": {"thumb": {"resize": "50x50#"}, "wide": {"resize": "90x30#"}}}
      When she uploads a 1600x1000 photo with the processing options {"preset": "page", "resize": "400x", "variants": {"thumb": {"resize": "60x60#"}}}
      Then its results are
        | name  | format | width | height |
        | main  | jpeg   | 400   | 250    |
        | thumb | jpeg   | 60    | 60     |
        | wide  | jpeg   | 90    | 30     |

    Scenario: A name or all of it, it means the same
      When she plans {"preset": "card"}
      Then the plan was made of "card@1"
      When she plans {"format": "webp", "resize": "300x200#"}
      Then both plans have the same hash

    Scenario: A name that nobody has given
      When she uploads a photo with the processing options {"preset": "poster"}
      Then she is refused as "preset-not-found" with 404, because of "/preset"
      When she uploads a photo with the processing options {"preset": "card@2"}
      Then she is refused as "preset-not-found" with 404, because of "/preset"

    Scenario: Somebody else's preset
      Given Bert is signed in
      When he uploads a photo by the preset "card"
      Then he is refused as "preset-not-found" with 404

    Scenario: A request that is sent again makes one preset
      When she makes the preset "poster" of {"blur": 2} twice under the key "poster-1"
      Then she gets the same preset both times

  Rule: A version never changes

    Background:
      Given she has made the preset "card" of {"resize": "300x200#"}

    Scenario: A task that waits does what it was asked for
      Given the workers are paused
      When she uploads a 1600x1000 photo with the processing options {"preset": "card"}
      And she changes the preset "card" to {"resize": "30x20#"}
      And the workers go on
      Then the result is 300x200
      And the task was asked for by "card@1"

    Scenario: A task that is run again does what it did
      When she uploads a 1600x1000 photo with the processing options {"preset": "card"}
      And she changes the preset "card" to {"resize": "30x20#"}
      And she removes the preset "card"
      And she has the task run again
      Then the result is 300x200
      And the task was asked for by "card@1"

    Scenario: A version may be named
      When she changes the preset "card" to {"resize": "30x20#"}
      And she uploads a photo with the processing options {"preset": "card@1"}
      Then the result is 300x200
      When she uploads a photo with the processing options {"preset": "card"}
      Then the result is 30x20
      And the preset "card" has the versions "2, 1"

    Scenario: To say the same again is no new version
      When she changes the preset "card" to {"pipeline": [{"op": "resize", "width": 300, "height": 200, "fit": "cover", "withoutEnlargement": false}]}
      Then the preset "card" has the versions "1"

    Scenario: A name that is given again goes on counting
      When she removes the preset "card"
      And she uploads a photo with the processing options {"preset": "card"}
      Then she is refused as "preset-not-found" with 404, because of "/preset"
      When she makes the preset "card" of {"resize": "30x20#"}
      Then the preset "card" has the versions "2, 1"

    Scenario: A name is given once
      When she makes the preset "card" of {"resize": "30x20#"}
      Then she is refused as "already-exists" with 409

    Scenario: Of two who change it at once, one is told
      When she looks at the preset "card"
      And she changes the preset "card" to {"resize": "30x20#"}
      And she changes the preset that she looked at to {"resize": "40x20#"}
      Then she is refused as "precondition-failed" with 412
      And the preset "card" has the versions "2, 1"

  Rule: A locked preset is taken as it is

    Background:
      Given she has made the locked preset "proof" of {"resize": "300x200#", "watermark": "logo.png"}

    Scenario: As it is
      When she uploads a photo with the processing options {"preset": "proof", "priority": "batch", "notify": {}}
      Then the result is 300x200

    Scenario Outline: Not otherwise
      When she uploads a photo with the processing options <options>
      Then the upload is refused as "preset-locked" at "<pointer>"

      Examples:
        | options                                      | pointer   |
        | {"preset": "proof", "resize": "900x"}        | /resize   |
        | {"preset": "proof", "quality": 5}            | /quality  |
        | {"preset": "proof", "pipeline": []}          | /pipeline |
        | {"preset": "proof", "output": {"effort": 1}} | /output   |
        | {"preset": "proof", "variants": {"a": {}}}   | /variants |
        | {"preset": "proof", "source": {}}            | /source   |

  Rule: What admins share is everybody's

    Background:
      Given Bert is an admin who shares the preset "card" of {"resize": "300x200#"}
      And Ada is signed in

    Scenario: A shared preset is used
      When she uploads a photo with the processing options {"preset": "card"}
      Then the result is 300x200

    Scenario: One's own goes before
      Given she has made the preset "card" of {"resize": "30x20#"}
      When she uploads a photo with the processing options {"preset": "card"}
      Then the result is 30x20
      And she may use the presets "card@1, card@1 (shared)"

    Scenario: Others cannot share
      When she shares the preset "poster" of {"blur": 2}
      Then she is refused as "not-allowed" with 403

    Scenario: Others cannot change what is shared
      When she changes the shared preset "card" to {"blur": 2}
      Then she is refused as "not-allowed" with 403
      When she removes the preset "card"
      Then she is refused as "preset-not-found" with 404

  Rule: Who is confined to presets uses them as they are

    Background:
      Given Bert is an admin who shares the preset "card" of {"resize": "300x200#"}
      And Ada is signed in
      And she has made the preset "free" of {"blur": 2}
      And users are confined to shared presets

    Scenario: Shared ones are used
      When she uploads a photo with the processing options {"preset": "card", "priority": "batch"}
      Then the result is 300x200
      And she may use the presets "card@1 (shared)"

    Scenario Outline: Nothing else is
      When she uploads a photo with the processing options <options>
      Then she is refused as "<problem>" with <status>

      Examples:
        | options                            | problem          | status |
        | {}                                 | presets-only     | 403    |
        | {"resize": "300x200#"}             | presets-only     | 403    |
        | {"preset": "card", "blur": 2}      | presets-only     | 403    |
        | {"preset": "card", "quality": 5}   | presets-only     | 403    |
        | {"preset": "free"}                 | preset-not-found | 404    |

    Scenario: None are made
      When she makes the preset "poster" of {"blur": 2}
      Then she is refused as "presets-only" with 403

    Scenario: Admins are not confined
      Given Bert is signed in
      When he uploads a photo
      Then he gets an image id

  Rule: A key may be confined to what it is for

    Scenario: One preset and nothing else
      Given she has made the preset "card" of {"resize": "300x200#"}
      And she has made the preset "free" of {"blur": 2}
      And she has made a key for the preset "card"
      When a program uploads a photo with the key and {"preset": "card", "priority": "batch"}
      Then the upload is accepted
      And the task was asked for by "card@1"
      When a program uploads a photo with the key and {"preset": "card", "blur": 2}
      Then it is refused as "presets-only"
      When a program uploads a photo with the key and {"preset": "free"}
      Then it is refused as "presets-only"
      When a program uploads a photo with the key and {"resize": "300x200#"}
      Then it is refused as "presets-only"
