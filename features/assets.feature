Feature: Pictures and fonts of one's own
  What watermarks are made of is sent once and named ever after: a logo, a seal, the font of the
  house. Nobody sees another's, and nothing goes while somebody waits for it.

  Background:
    Given Ada is signed in

  Scenario: A logo is kept, and named by later uploads
    When she keeps a red square as "seal.png"
    Then she is told that "seal.png" is a picture of her own
    When she uploads a photo with the processing options {"watermark": {"image": "seal.png", "gravity": "center", "width": "50%", "opacity": 1}, "format": "png"}
    Then the image is soon "completed"
    And its middle is red

  Scenario: A font is kept, and texts are drawn with it
    Given she keeps a font of boxes as "boxes.ttf"
    When she uploads a white sheet with the processing options {"watermark": {"text": "AAA", "font": "boxes.ttf", "size": 100, "gravity": "northwest", "offsetX": 0, "offsetY": 0, "color": "black", "opacity": 1}}
    Then the image is soon "completed"
    And on it stand 3 boxes of 60 by 70 pixels

  Scenario: A font may come with the picture
    When she uploads a white sheet with a font of boxes as "mine.otf" and the processing options {"watermark": {"text": "AAA", "font": "mine.otf", "size": 100, "gravity": "northwest", "offsetX": 0, "offsetY": 0, "color": "black", "opacity": 1}}
    Then the image is soon "completed"
    And on it stand 3 boxes of 60 by 70 pixels

  Scenario: One sees one's own and the shared ones
    Given she keeps a red square as "seal.png"
    And she keeps a font of boxes as "boxes.ttf"
    When she looks through her assets
    Then she sees the assets "boxes.ttf, seal.png, logo.png"
    Given Bert is signed in
    When he looks through his assets
    Then he sees the assets "logo.png"

  Scenario: Another's is as if it were not there
    Given she keeps a red square as "seal.png"
    And Bert is signed in
    When he uploads a photo with the processing options {"watermark": "seal.png"}
    Then the upload is refused as "asset-not-found" with 404
    When he deletes the asset "seal.png"
    Then the answer is that there is no such asset

  Scenario: Not while a task waits for it
    Given she keeps a red square as "seal.png"
    And the workers are paused
    And she uploads a photo with the processing options {"watermark": "seal.png"}
    When she deletes the asset "seal.png"
    Then the asset is refused as "asset-in-use" with 409
    When the workers go on
    And she deletes the asset "seal.png"
    Then the asset is gone
    When she uploads a photo with the processing options {"watermark": "seal.png"}
    Then the upload is refused as "asset-not-found" with 404

  Scenario: Nothing is replaced behind one's back
    Given she keeps a red square as "seal.png"
    When she keeps a font of boxes as "seal.png"
    Then the asset is refused as "invalid-parameter" with 422
    When she keeps a red square as "seal.png"
    Then the asset is refused as "already-exists" with 409

  Scenario Outline: What is neither a picture nor a font is not kept
    When she keeps <file> as "<name>"
    Then the asset is refused as "<problem>" with <status>

    Examples:
      | file                                 | name      | problem                | status |
      | a PDF                                | a.pdf     | unsupported-media-type | 415    |
      | an empty file                        | a.png     | empty-file             | 422    |
      | a tiny PNG that unfolds to 786464x32 | a.png     | image-too-large        | 422    |
      | half a font                          | a.ttf     | font-refused           | 422    |
      | a compressed web font                | a.woff2   | unsupported-media-type | 415    |
      | a red square                         | ../../etc | invalid-parameter      | 422    |

  Scenario: A font that only its drawing finds out about fails the task, and says so
    Given she keeps a font of broken outlines as "odd.otf"
    When she uploads a photo with the processing options {"watermark": {"text": "A", "font": "odd.otf"}}
    Then the image is soon "failed"
    And the task says why: one of "decode_failed"

  Rule: What everybody may use is decided by admins

    Scenario: An admin shares a font
      Given Ada is an admin and signed in
      And she shares a font of boxes as "house.ttf"
      And Bert is signed in
      When he uploads a photo with the processing options {"watermark": {"text": "A", "font": "house.ttf"}}
      Then the image is soon "completed"
      When he deletes the shared asset "house.ttf"
      Then the asset is refused as "not-allowed" with 403

    Scenario: Nobody else does
      When she shares a red square as "house.png"
      Then the asset is refused as "not-allowed" with 403
