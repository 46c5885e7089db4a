Feature: Several results of one upload
  One upload, one task, many pictures: each size and format that a page needs, made together from
  one decode.

  Background:
    Given Ada is signed in

  Scenario: A picture, a card and a thumbnail
    When she uploads a 1600x1000 photo with these processing options
      """
      {
        "resize": "1200x1200",
        "watermark": "logo.png",
        "format": "webp",
        "variants": {
          "card": {"resize": "400x400#"},
          "thumb": {"from": "upload", "resize": "100x100#", "format": "jpeg", "quality": 60}
        }
      }
      """
    Then the image is soon "completed"
    And its results are
      | name  | format | width | height |
      | main  | webp   | 1200  | 750    |
      | card  | webp   | 400   | 400    |
      | thumb | jpeg   | 100   | 100    |
    And each has a link that opens it
    And the download of "thumb" is a 100x100 jpeg

  Scenario: Those who are told learn of all of them
    Given Ada has a server that takes webhooks
    And she has added it to her account
    When she uploads a photo with the processing options {"variants": {"thumb": {"resize": "50x"}}}
    Then the server is told of the variant "thumb" with a link that opens it

  Scenario: A variant that there is not
    Given Ada has a completed image
    When she asks for the download of "poster"
    Then the answer is that there is nothing by that id

  Scenario Outline: What cannot be asked for
    When she uploads a photo with the processing options <options>
    Then the upload is refused as "<problem>" at "<pointer>"

    Examples:
      | options                                                 | problem           | pointer              |
      | {"variants": {"Main": {}}}                              | invalid-parameter | /variants/Main       |
      | {"variants": {"main": {}}}                              | invalid-parameter | /variants/main       |
      | {"variants": {"a": {"resize": "big"}}}                  | invalid-parameter | /variants/a/resize   |
      | {"variants": {"a": {"variants": {}}}}                   | unknown-member    | /variants/a/variants |
      | {"variants": {"a": {"from": "b"}}}                      | invalid-parameter | /variants/a/from     |
      | {"variants": ["a"]}                                     | invalid-parameter | /variants            |
      | {"variants": {"a": {"pipeline": [], "resize": "20x"}}}  | unknown-member    | /variants/a/resize   |

  Scenario: If one cannot be made there is none
    When she uploads a photo with the processing options {"variants": {"cut": {"crop": "5000x5000"}}}
    Then the image is soon "failed"
    And the task says why: one of "invalid_geometry"
